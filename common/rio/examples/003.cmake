# The demo programs of tutorial 003, in its order.
rio_demos(sync-vs-async callbacks memory 003-hello done-callback 003-seq 003-tasks
  003-future future-states 003-schedule 003-exception unhandled 003-cancel
  cancel-cleanup)
