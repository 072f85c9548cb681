"""A program that calls models with the library of OpenAI, instrumented by the library that is named."""

import sys

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

how, protocol, model_address = sys.argv[1:]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

provider = TracerProvider(resource=Resource.create({"service.name": how}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
if how == "openinference":
    from openinference.instrumentation.openai import OpenAIInstrumentor
else:
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor
OpenAIInstrumentor().instrument()

tools = [
    {
        "type": "function",
        "function": {"name": "sea_state", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}},
    }
]
client = OpenAI(base_url=model_address, api_key="none")
# A span of the program that is no step of an LLM application.
with trace.get_tracer("program").start_as_current_span("request"):
    client.chat.completions.create(
        model="gpt-4o-mini",
        temperature=0.5,
        messages=[
            {"role": "system", "content": "You help travellers."},
            {"role": "user", "content": "How is the sea_state at Capri?"},
        ],
        tools=tools,
    )
    client.embeddings.create(model="text-embedding-3-small", input=["Capri", "Ischia"])
provider.shutdown()
