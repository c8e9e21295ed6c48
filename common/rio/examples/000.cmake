# The demo programs of tutorial 000, in its order.
rio_demos(many-sleepers loop-trace hello await-value 000-sequential yield-control seq-vs-conc
  create-task-lazy 000-concurrent await-order 000-context context-error context-as
  iter-struct 000-generator stream-lines blocking-freeze 000-fetch fetch-many
  000-file store-query producer-consumer 000-queue task-done backpressure lock
  000-crawler sem-error to-thread 000-timeout timeout-cleanup 000-web)
