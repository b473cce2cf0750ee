# Run by pages.cmake at build time: NODE, NPM, WEB (sources), SITE (output), LOCK (a file).
# node_modules is shared by every build tree, so one of them at a time installs and builds.

get_filename_component(lock_folder ${LOCK} DIRECTORY)
file(MAKE_DIRECTORY ${lock_folder})
file(LOCK ${LOCK} GUARD PROCESS TIMEOUT 600 RESULT_VARIABLE locked)
if(NOT locked EQUAL 0)
  message(FATAL_ERROR "another build has been holding ${LOCK} for ten minutes; end it and build again")
endif()

# npm and vite are scripts that look for "node" on PATH: they get the one that was chosen.
get_filename_component(node_folder ${NODE} DIRECTORY)
set(ENV{PATH} "${node_folder}:$ENV{PATH}")

execute_process(COMMAND ${NODE} --version OUTPUT_VARIABLE node_version OUTPUT_STRIP_TRAILING_WHITESPACE)
file(SHA256 ${WEB}/package-lock.json packages)
set(wanted "${packages} ${node_version}")
set(mark ${WEB}/node_modules/.installed)
set(installed "")
if(EXISTS ${mark})
  file(READ ${mark} installed)
endif()
if(NOT installed STREQUAL wanted)
  message(STATUS "npm ci in web/")
  execute_process(COMMAND ${NPM} ci --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY ${WEB} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "npm ci failed in ${WEB}: is the npm registry reachable?\n${said}")
  endif()
  file(WRITE ${mark} "${wanted}")
endif()

execute_process(COMMAND ${NODE} node_modules/vite/bin/vite.js build --logLevel warn
    --outDir ${SITE}/files --emptyOutDir
  WORKING_DIRECTORY ${WEB} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(failed)
  message(FATAL_ERROR "vite build failed in ${WEB} (node ${node_version}):\n${said}")
endif()

execute_process(COMMAND ${NODE} embed.js ${SITE}/files ${SITE}/embedded_site.cc
  WORKING_DIRECTORY ${WEB} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed)
  message(FATAL_ERROR "the pages could not be put into a source file:\n${said}")
endif()
