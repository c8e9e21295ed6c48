# The demo programs of tutorial 002, in its order.
rio_demos(return-123 core-idea not-parallel print-task value-two-ways 002-downloads
  sleep-cpu nested-context resp-ping 002-readfile runner-twice 002-errors tour)
