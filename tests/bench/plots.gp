# plots.gp - draws docs/plots/*.dat as SVG; called by plots.sh, which says where `folder` is.
# SPDX-License-Identifier: MIT
set terminal svg size 640,420 font "sans-serif,12" background "#ffffff"
set key above left maxrows 2 autotitle columnhead
set border 3
set tics nomirror
set style data linespoints
set linetype 1 lc rgb "#1a6fb5" lw 2 pt 7 ps 0.6
set linetype 2 lc rgb "#c4441c" lw 2 pt 5 ps 0.6
set linetype 3 lc rgb "#d99a00" lw 2 pt 9 ps 0.6
set linetype 4 lc rgb "#5a8a3a" lw 2 pt 13 ps 0.6
set linetype 9 lc rgb "#dddddd" lw 1
set grid ytics lt 9

file(name) = sprintf("%s/%s.dat", folder, name)
first_row(name) = system(sprintf("grep -v '^[#\"]' '%s' | head -n 1", file(name)))

set xlabel "connections, one request under way on each"
set ylabel "jobs a second: put, get, done"
set logscale x 2
set xtics (1, 4, 16, 64, 256)
set xrange [1:256]
set rmargin 4
set format y "%.0s%c"
set yrange [0:*]
do for [name in "connections-fsync connections-everysec"] {
    set output sprintf("%s/%s.svg", folder, name)
    plot for [i = 2:words(first_row(name))] file(name) using 1:i lt i - 1
}

set xlabel "puts a second that are offered, open loop"
set ylabel "milliseconds until the answer"
unset logscale x
set xtics autofreq
set xrange [0:*]
set format x "%.0s%c"
set logscale y
set yrange [*:*]
set format y "%g"
set output sprintf("%s/latency-fsync.svg", folder)
plot file("latency-fsync")  using 1:2 lt 1, file("latency-fsync")  using 1:3 lt 1 dt 2, \
     file("latency-always") using 1:2 lt 2, file("latency-always") using 1:3 lt 2 dt 2
