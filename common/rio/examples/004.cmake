# The demo programs of tutorial 004, in its order.
rio_demos(poll-pipe running-loop locals starve 004-mycoro await-done
  start-now-wait-later 004-countdown task-is-future run-twice nested-run gather-mixed
  004-gather gather-fail sleep-result timeout-ok 004-timeout lock-return 004-lock
  004-asyncrange condition 004-executor group retry fd-leak graceful deep-await
  dump-tasks legacy-lib io-bottleneck)
