# Four libraries, each taken from the system where it is installed, else fetched at the commit of a release and
# compiled from its sources: tunegate::simdjson, tunegate::zlib, tunegate::zstd, tunegate::xxhash. The build files
# of a fetched library are not run, so nothing of it is installed and no option of it can clash with ours.
# `-DFETCHCONTENT_SOURCE_DIR_<NAME>=PATH` (SIMDJSON, ZLIB, ZSTD, XXHASH) takes unpacked sources instead.
include(FetchContent)
find_package(Threads REQUIRED)
option(TUNEGATE_FETCH "Fetch the libraries that the system lacks; off: stop and name the package" ON)
option(TUNEGATE_SYSTEM "Look for the libraries on the system first" ON)

# Sets `directory` to the sources of `name` at `commit`; `package` is what Debian calls the installed library.
function(tunegate_fetch name package repository commit directory)
  if(NOT TUNEGATE_FETCH)
    message(FATAL_ERROR "${name} is not installed and TUNEGATE_FETCH is off: apt-get install ${package}")
  endif()
  message(STATUS "${name} is not taken from the system: fetching commit ${commit} of ${repository}")
  # A SOURCE_SUBDIR that does not exist downloads the sources and adds none of their targets.
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${commit} SOURCE_SUBDIR tunegate-sources-only)
  FetchContent_MakeAvailable(${name})
  set(${directory} "${${name}_SOURCE_DIR}" PARENT_SCOPE)
endfunction()

if(TUNEGATE_SYSTEM)
  find_package(simdjson CONFIG QUIET)
  find_package(ZLIB QUIET)
  find_path(TUNEGATE_ZSTD_INCLUDE zstd.h)
  find_library(TUNEGATE_ZSTD_LIBRARY zstd)
  find_path(TUNEGATE_XXHASH_INCLUDE xxhash.h)
endif()

if(TARGET simdjson::simdjson)
  add_library(tunegate::simdjson ALIAS simdjson::simdjson)
else()
  tunegate_fetch(simdjson libsimdjson-dev https://github.com/simdjson/simdjson.git
                 0d2455029d845e801809dd54b01ae47173d7d8e8 simdjson_sources) # v3.0.1
  add_library(tunegate_simdjson STATIC "${simdjson_sources}/singleheader/simdjson.cpp")
  target_include_directories(tunegate_simdjson SYSTEM PUBLIC "${simdjson_sources}/singleheader")
  target_compile_definitions(tunegate_simdjson PUBLIC SIMDJSON_THREADS_ENABLED=1)
  target_link_libraries(tunegate_simdjson PUBLIC Threads::Threads)
  add_library(tunegate::simdjson ALIAS tunegate_simdjson)
endif()

if(TARGET ZLIB::ZLIB)
  add_library(tunegate::zlib ALIAS ZLIB::ZLIB)
else()
  tunegate_fetch(zlib zlib1g-dev https://github.com/madler/zlib.git
                 51b7f2abdade71cd9bb0e7a373ef2610ec6f9daf zlib_sources) # v1.3.1
  file(GLOB zlib_files "${zlib_sources}/*.c")
  add_library(tunegate_zlib STATIC ${zlib_files})
  target_include_directories(tunegate_zlib SYSTEM PUBLIC "${zlib_sources}")
  target_compile_definitions(tunegate_zlib PRIVATE HAVE_UNISTD_H _LARGEFILE64_SOURCE=1)
  add_library(tunegate::zlib ALIAS tunegate_zlib)
endif()

if(TUNEGATE_ZSTD_INCLUDE AND TUNEGATE_ZSTD_LIBRARY)
  add_library(tunegate_zstd INTERFACE)
  target_include_directories(tunegate_zstd SYSTEM INTERFACE "${TUNEGATE_ZSTD_INCLUDE}")
  target_link_libraries(tunegate_zstd INTERFACE "${TUNEGATE_ZSTD_LIBRARY}")
else()
  tunegate_fetch(zstd libzstd-dev https://github.com/facebook/zstd.git
                 f8745da6ff1ad1e7bab384bd1f9d742439278e99 zstd_sources) # v1.5.7
  file(GLOB zstd_files "${zstd_sources}/lib/common/*.c" "${zstd_sources}/lib/compress/*.c"
       "${zstd_sources}/lib/decompress/*.c")
  add_library(tunegate_zstd STATIC ${zstd_files})
  target_include_directories(tunegate_zstd SYSTEM PUBLIC "${zstd_sources}/lib")
  target_compile_definitions(tunegate_zstd PRIVATE ZSTD_DISABLE_ASM)
endif()
add_library(tunegate::zstd ALIAS tunegate_zstd)

# xxHash is used as a header only: its library is never linked.
add_library(tunegate_xxhash INTERFACE)
if(NOT TUNEGATE_XXHASH_INCLUDE)
  tunegate_fetch(xxhash libxxhash-dev https://github.com/Cyan4973/xxHash.git
                 e626a72bc2321cd320e953a0ccf1584cad60f363 TUNEGATE_XXHASH_INCLUDE) # v0.8.3
endif()
target_include_directories(tunegate_xxhash SYSTEM INTERFACE "${TUNEGATE_XXHASH_INCLUDE}")
target_compile_definitions(tunegate_xxhash INTERFACE XXH_INLINE_ALL)
add_library(tunegate::xxhash ALIAS tunegate_xxhash)
