# The site (web/) inside the binary: node builds it into the build tree when web/ has changed, and the
# files go into butai_pages as one generated source (.incbin of each file, plain and gzip).
#   BUTAI_NODE  node >= 20.19 to use (default: the one on PATH); npm is the one beside it or on PATH.

find_program(BUTAI_NODE node DOC "node >= 20.19, builds the pages")
if(NOT BUTAI_NODE)
  message(FATAL_ERROR "node was not found: the pages in web/ need it. Install nodejs and npm, or pass -DBUTAI_NODE=/path/to/node.")
endif()
get_filename_component(BUTAI_NODE_FOLDER ${BUTAI_NODE} DIRECTORY)
find_program(BUTAI_NPM npm HINTS ${BUTAI_NODE_FOLDER} DOC "npm, fetches what the pages are built with")
if(NOT BUTAI_NPM)
  message(FATAL_ERROR "npm was not found: the pages in web/ need it. Install npm, or pass -DBUTAI_NPM=/path/to/npm.")
endif()

file(GLOB BUTAI_WEB_FOLDERS LIST_DIRECTORIES true CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*)
list(FILTER BUTAI_WEB_FOLDERS EXCLUDE REGEX "/web/(node_modules|dist|[^/]*\\.[^/]*)$")
list(TRANSFORM BUTAI_WEB_FOLDERS APPEND "/*")
file(GLOB_RECURSE BUTAI_WEB_FILES CONFIGURE_DEPENDS ${BUTAI_WEB_FOLDERS})
list(FILTER BUTAI_WEB_FILES EXCLUDE REGEX "\\.test\\.ts$")
list(APPEND BUTAI_WEB_FILES
  ${CMAKE_SOURCE_DIR}/web/package.json ${CMAKE_SOURCE_DIR}/web/package-lock.json
  ${CMAKE_SOURCE_DIR}/web/tsconfig.json ${CMAKE_SOURCE_DIR}/web/vite.config.ts
  ${CMAKE_SOURCE_DIR}/web/page.html ${CMAKE_SOURCE_DIR}/web/embed.js)

set(BUTAI_SITE ${CMAKE_BINARY_DIR}/site)
add_custom_command(
  OUTPUT ${BUTAI_SITE}/embedded_site.cc
  COMMAND ${CMAKE_COMMAND} -DNODE=${BUTAI_NODE} -DNPM=${BUTAI_NPM} -DWEB=${CMAKE_SOURCE_DIR}/web
          -DSITE=${BUTAI_SITE} -DLOCK=${CMAKE_SOURCE_DIR}/build/web.lock
          -P ${CMAKE_SOURCE_DIR}/cmake/build_site.cmake
  DEPENDS ${BUTAI_WEB_FILES} ${CMAKE_SOURCE_DIR}/cmake/build_site.cmake
  COMMENT "Building the pages"
  VERBATIM)

if(TARGET butai_pages)
  target_sources(butai_pages PRIVATE ${BUTAI_SITE}/embedded_site.cc)
endif()
