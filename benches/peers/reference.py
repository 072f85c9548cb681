"""The same five functions with the reference SDK, at full speed: prints a line of CSV.

    DD_LLMOBS_OVERRIDE_ORIGIN=http://127.0.0.1:PORT python reference.py SPANS
"""

import os
import sys
import time

os.environ.update(DD_LLMOBS_AGENTLESS_ENABLED="1", DD_API_KEY="x", DD_LLMOBS_ML_APP="checkout-assistant", DD_ENV="prod")
os.environ.update(DD_SERVICE="checkout-assistant", DD_VERSION="1.2.3", DD_APM_TRACING_ENABLED="false")
os.environ.update(DD_INSTRUMENTATION_TELEMETRY_ENABLED="false", DD_REMOTE_CONFIGURATION_ENABLED="false")

from ddtrace.llmobs import LLMObs  # noqa: E402
from ddtrace.llmobs.decorators import task, workflow  # noqa: E402

TEXT = "where is my order 1234? it is late, sir"


@workflow
def l1(text, n):
    return l2(text=text, n=n)


@task
def l2(text, n):
    return l3(text=text, n=n)


@task
def l3(text, n):
    return l4(text=text, n=n)


@task
def l4(text, n):
    return classify(text=text, n=n)


@task
def classify(text, n):
    return "category:support-ok!"


def main():
    spans = int(sys.argv[1])
    LLMObs.enable(agentless_enabled=True, integrations_enabled=False)
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(spans // 5):
        l1(text=TEXT, n=7)
    emitted = time.perf_counter() - begin
    LLMObs.flush()
    LLMObs.disable()
    total = time.perf_counter() - begin
    print("spans,emit_s,all_s,cpu_ns")
    print(f"{spans},{emitted:.3f},{total:.3f},{(time.process_time() - cpu) * 1e9 / spans:.0f}")


main()
