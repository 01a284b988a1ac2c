# `./dev package`: CPack makes from an installation
#   vultus_VERSION_ARCH.deb         program, bundled person, library, its development files and documents
#   vultus-train_VERSION_ARCH.deb   the trainer: only who trains needs LibTorch
#   vultus-VERSION-linux-ARCH.tar.gz and vultus-train-...: the same, to be unpacked anywhere, one over the other
include(GNUInstallDirs)
set(components program persons library development)
if(TARGET vultus-train)
  list(APPEND components trainer)
endif()

# What `./dev package` needs built; CPack itself builds nothing.
add_custom_target(vultus_packaged)
foreach(target vultus vultus-train vultus_shared vultus_static vultus_documents)
  if(TARGET ${target})
    add_dependencies(vultus_packaged ${target})
  endif()
endforeach()

find_program(DPKG dpkg)
find_program(GZIP gzip)
set(arch ${CMAKE_SYSTEM_PROCESSOR})
if(DPKG)
  execute_process(COMMAND ${DPKG} --print-architecture OUTPUT_VARIABLE arch OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()

set(CPACK_GENERATOR TGZ)
if(DPKG)
  list(PREPEND CPACK_GENERATOR DEB)
endif()
set(CPACK_PACKAGE_NAME vultus)
set(CPACK_PACKAGE_VENDOR "Vultus developers")
set(CPACK_PACKAGE_CONTACT "Vultus developers <vultus@example.invalid>")  # a package must name somebody
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
set(CPACK_PACKAGE_FILE_NAME vultus-${PROJECT_VERSION}-linux-${arch})
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)

set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/PackagingOfOneKind.cmake)
set(CPACK_ARCHIVE_VULTUS_FILE_NAME vultus-${PROJECT_VERSION}-linux-${arch})
set(CPACK_ARCHIVE_TRAIN_FILE_NAME vultus-train-${PROJECT_VERSION}-linux-${arch})

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION video)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)  # what packages of programs that link libvultus depend on
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
file(WRITE ${CMAKE_BINARY_DIR}/documents/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_VULTUS_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/documents/triggers)
set(CPACK_DEBIAN_VULTUS_PACKAGE_NAME vultus)
set(CPACK_DEBIAN_VULTUS_DESCRIPTION "learn a talking face from video and speak with it
Vultus learns one person's talking face from a few minutes of video and
renders new video of that person from speech.

This package holds the program vultus with a person to begin with, the shared
and the static library, and the files to build programs with them.")
set(CPACK_DEBIAN_VULTUS_PACKAGE_SUGGESTS "vultus-train, pocketsphinx-en-us, flite, espeak-ng, mecab-ipadic-utf8, gstreamer1.0-nice, gstreamer1.0-plugins-bad, gstreamer1.0-plugins-good, libavdevice59")
set(CPACK_DEBIAN_TRAIN_PACKAGE_NAME vultus-train)
set(CPACK_DEBIAN_TRAIN_DESCRIPTION "trainer of the program vultus
What 'vultus train' starts: it learns a person's talking face from a corpus
that 'vultus prepare' made.")
set(CPACK_DEBIAN_TRAIN_PACKAGE_DEPENDS "vultus (= ${PROJECT_VERSION})")

# Each package's folder of documents, with what Debian wants there. It has the licence's text in its base system.
set(documents ${CMAKE_BINARY_DIR}/documents)
file(READ ${CMAKE_SOURCE_DIR}/NOTICE notice)
file(WRITE ${documents}/copyright "${notice}
On Debian systems the Apache License, Version 2.0, is in /usr/share/common-licenses/Apache-2.0.
")
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/vultus COMPONENT program)
function(vultus_package_documents package component)
  set(files ${documents}/copyright)
  if(GZIP AND DPKG)
    string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, if that is set
    file(WRITE ${documents}/${package}/changelog "vultus (${PROJECT_VERSION}) unstable; urgency=medium

  * Version ${PROJECT_VERSION}.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
    execute_process(COMMAND ${GZIP} -9nf ${documents}/${package}/changelog COMMAND_ERROR_IS_FATAL ANY)
    list(APPEND files ${documents}/${package}/changelog.gz)
  endif()
  install(FILES ${files} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endfunction()
vultus_package_documents(vultus program)
if(TARGET vultus-train)
  vultus_package_documents(vultus-train trainer)
endif()

include(CPack)
cpack_add_component_group(vultus)
cpack_add_component_group(train)
foreach(component ${components})
  set(group vultus)
  if(component STREQUAL trainer)
    set(group train)
  endif()
  cpack_add_component(${component} GROUP ${group})
endforeach()
