# The server: jet_serve, with the web page's files and the API's description inside.
jet_layer(serve DEPENDS jet_runtime Boost::headers)

set(page ${PROJECT_SOURCE_DIR}/serve/page)
file(READ ${page}/index.html INDEX_HTML)
file(READ ${page}/page.css PAGE_CSS)
file(READ ${page}/page.js PAGE_JS)
file(READ ${PROJECT_SOURCE_DIR}/serve/api/openapi.json OPENAPI_JSON)
configure_file(${page}/assets.h.in ${PROJECT_BINARY_DIR}/page/serve/page/assets.h @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${page}/index.html ${page}/page.css ${page}/page.js ${PROJECT_SOURCE_DIR}/serve/api/openapi.json)
target_include_directories(jet_serve PRIVATE ${PROJECT_BINARY_DIR}/page)

# ThreadSanitizer does not know fences; Asio's only repeat what its locks order.
if(JET_SANITIZE MATCHES thread)
  target_compile_definitions(jet_serve PRIVATE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()

# Boost's templates are slow to compile and never the bottleneck here: two files know them.
set_source_files_properties(serve/http/server.cpp serve/http/connection.cpp PROPERTIES COMPILE_OPTIONS -O1)
