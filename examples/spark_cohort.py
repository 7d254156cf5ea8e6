"""Assess a cohort on Spark: Parquet in partitions in, Parquet in partitions out.

    spark-submit examples/spark_cohort.py cohort/ answers/

The rules become plain expressions of Spark's own, so no Python runs where the data is: the workers
need neither this library nor a Python of any kind. Each partition is read, assessed and written by
itself, and none waits for another.
"""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame, SparkSession

from crampsrules import assess_frame


def assessed(patients: DataFrame) -> DataFrame:
    """What is to be known of each patient: nothing is read before it is written."""
    return assess_frame(patients).select(
        # Keep what tells the rows apart; other columns that are no facts are there too.
        "region",
        "patient",
        "triage",
        "top_cause",
        "causes",
        "advice",
        "errors",
    )


def run(spark: SparkSession, source: str, target: str) -> None:
    """Read a cohort, assess it, and write the answers beside their region."""
    patients = spark.read.parquet(source)
    # A region that was assessed before is replaced, the others stay as they are.
    (
        assessed(patients)
        .write.partitionBy("region")
        .option("partitionOverwriteMode", "dynamic")
        .mode("overwrite")
        .parquet(target)
    )


def main() -> None:
    """Run the job on the Spark that `spark-submit` was given."""
    source, target = sys.argv[1:]
    spark = SparkSession.builder.appName("crampsrules cohort").getOrCreate()
    run(spark, source, target)
    answers = spark.read.parquet(target)
    answers.groupBy("triage").count().orderBy("triage").show()
    wrong = answers.where("errors is not null")
    print(f"{wrong.count()} rows cannot be used; for example:")
    wrong.select("region", "patient", "errors").show(5, truncate=False)


if __name__ == "__main__":
    main()
