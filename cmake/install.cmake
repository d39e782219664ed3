# cmake --install: the program, the libraries, include/jet and the CMake package `jet` (target jet::runtime).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(layers core io text ops mixers models runtime)
foreach(layer ${layers})
  set_target_properties(jet_${layer} PROPERTIES EXPORT_NAME ${layer})
endforeach()
list(TRANSFORM layers PREPEND jet_)
install(TARGETS ${layers} EXPORT jetTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS jet)
install(DIRECTORY include/jet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/jet)
install(EXPORT jetTargets NAMESPACE jet:: DESTINATION ${package})
configure_package_config_file(cmake/jetConfig.cmake.in jetConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(jetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/jetConfig.cmake ${PROJECT_BINARY_DIR}/jetConfigVersion.cmake
  DESTINATION ${package})
