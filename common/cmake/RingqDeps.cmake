# RingqDeps.cmake - finds every dependency; what is missing is named at once, as
# one apt-get line, instead of one failed run after the other.
#
# The versions are the true minima: those of Debian 12.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(RINGQ_MISSING)
macro(ringq_need prefix module package)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    list(APPEND RINGQ_MISSING ${package})
  endif()
endmacro()

# What an optional part stands on: without it that part is left out.
macro(ringq_want prefix module package)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    list(APPEND RINGQ_LEFT_OUT ${package})
  endif()
endmacro()

ringq_need(URING   liburing>=2.3      liburing-dev)
ringq_need(HIREDIS hiredis>=0.14.1    libhiredis-dev)
ringq_need(SODIUM  libsodium>=1.0.18  libsodium-dev)
ringq_need(INIH    inih>=53           libinih-dev)
if(BUILD_TESTING)
  ringq_need(CMOCKA cmocka>=1.1.5     libcmocka-dev)
endif()

ringq_want(CURL       libcurl>=7.88       libcurl4-openssl-dev) # rio-http
ringq_want(MICROHTTPD libmicrohttpd>=0.9.75 libmicrohttpd-dev)
ringq_want(SQLITE     sqlite3>=3.40       libsqlite3-dev)       # an example

if(RINGQ_LEFT_OUT)
  list(JOIN RINGQ_LEFT_OUT " " packages)
  message(STATUS "Optional parts are left out; they need ${packages}")
endif()
if(RINGQ_MISSING)
  list(JOIN RINGQ_MISSING " " packages)
  message(FATAL_ERROR "Missing libraries. Install them with:\n"
    "  sudo apt-get install ${packages}")
endif()
