"""A Spark of our own, for the tests that need one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

needs_java = pytest.mark.skipif(
    shutil.which("java") is None, reason="Spark needs Java, and there is none here"
)


@contextmanager
def session() -> Iterator[Any]:
    """A Spark of two workers, without a page to watch it on.

    Its Java compiles quickly rather than well: it plans much and works on little.
    """
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable  # or its workers take any python3 there is
    made = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.memory", "2g")  # what is collected goes through it
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )
    try:
        yield made
    finally:
        made.stop()
