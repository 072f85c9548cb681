"""What an application does with the Python SDK: a workflow of all kinds of spans, an error, an evaluation, feedback."""

import sys

from ddtrace.llmobs import LLMObs
from ddtrace.llmobs.decorators import retrieval, tool, workflow


@retrieval
def search(question):
    LLMObs.annotate(
        input_data=question,
        output_data=[{"id": "t-17", "name": "Timetable", "text": "Last ferry at 20:10.", "score": 0.91}],
    )


@tool(name="sea_state")
def sea_state(place, hour):
    return {"waves_m": 0.4}


@tool
def harbour():
    raise TimeoutError("the harbour does not answer")


def complete(question):
    with LLMObs.llm(model_name="gpt-4o", model_provider="openai", name="complete") as span:
        LLMObs.annotate(
            span,
            input_data=[
                {"role": "system", "content": "You help travellers."},
                {"role": "user", "content": question},
            ],
            output_data=[
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [
                        {
                            "name": "sea_state",
                            "tool_id": "call_1",
                            "type": "function",
                            "arguments": {"place": "Capri", "hour": 20},
                        }
                    ],
                }
            ],
            metadata={"temperature": 0.2, "stop": ["\n"]},
            metrics={"input_tokens": 412, "output_tokens": 28, "total_tokens": 440},
            tags={"step": "first"},
        )


@workflow(session_id="session-1")
def answer(question):
    search(question)
    complete(question)
    sea_state("Capri", 20)
    try:
        harbour()
    except TimeoutError:
        pass
    span = LLMObs.export_span()
    LLMObs.annotate(tags={"user_id": "u-1"})
    LLMObs.submit_evaluation(
        label="faithfulness",
        metric_type="score",
        value=0.93,
        span=span,
        assessment="pass",
        reasoning="Both facts stand in the documents.",
        tags={"judge": "people"},
    )
    LLMObs.submit_feedback(
        label="thumbs", metric_type="boolean", value=True, span=span, submitter={"id": "u-1"}
    )
    return "The last ferry leaves at 20:10. ⛴"


LLMObs.enable(ml_app=sys.argv[1] if len(sys.argv) > 1 else None)
answer("Which ferry is the last one?")
LLMObs.flush()
