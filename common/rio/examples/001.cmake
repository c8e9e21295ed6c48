# The demo programs of tutorial 001, in its order.
rio_demos(ten-apis one-thread 001-hello describe-vs-run awaitables 001-fetchdata 001-create-task
  lazy-eager task-result 001-gather 001-return-errors 001-wait-first wait-first-exception wait-all
  result-done 001-as-completed 001-lock 001-event event-many 001-semaphore 001-queue 001-batch-api
  001-timeout 001-periodic periodic-grid never-awaited sleep-outside run-from-sync cpu)
