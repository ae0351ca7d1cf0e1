"""A Flink session cluster from the `apache-flink` package: one JobManager, one TaskManager, jobs written in Python.

`configuration` writes what Flink reads, `rest` is the JobManager's REST client, `states` knows which job id had which name and where its
checkpoints and savepoints lie, `submission` submits jobs, `cluster` puts these together. Processes are started by `deploy.supervisor`.

A TaskManager that dies takes no job with it: the JobManager goes on from the last checkpoint. A JobManager that dies forgets its jobs
(highly available Flink needs ZooKeeper or Kubernetes): `deploy.job_keeper` submits them again from the newest checkpoint or savepoint on disk.
"""
