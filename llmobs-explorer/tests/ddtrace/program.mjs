// What an application does with the SDK for Node: a workflow with a call of a model.

import tracer from "dd-trace";

tracer.init();
const { llmobs } = tracer;
const answer = "At 20:10. ⛴";
llmobs.trace({ kind: "workflow", name: "answer", sessionId: "session-1" }, () => {
  llmobs.annotate({ inputData: "Which ferry is the last one?", outputData: answer });
  llmobs.trace({ kind: "llm", name: "complete", modelName: "gpt-4o", modelProvider: "openai" }, () => {
    llmobs.annotate({
      inputData: [{ role: "user", content: "Which ferry is the last one?" }],
      outputData: { role: "assistant", content: answer },
      metrics: { inputTokens: 412, outputTokens: 28, totalTokens: 440 },
    });
  });
});
