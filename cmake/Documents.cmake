# The manual page and the shells' completions, which the program itself writes, and where they are installed.
# Included where the targets `vultus` and, perhaps, `vultus-train` are known.
include(GNUInstallDirs)
if(NOT TARGET vultus OR CMAKE_CROSSCOMPILING OR VULTUS_SANITIZE)
  return()
endif()
set(folder ${CMAKE_BINARY_DIR}/documents)
file(MAKE_DIRECTORY ${folder})
find_program(GZIP gzip)
set(page vultus.1)
if(GZIP)
  set(compress | ${GZIP} -9n)
  set(page vultus.1.gz)
endif()
add_custom_command(OUTPUT ${folder}/${page} ${folder}/vultus.bash ${folder}/_vultus DEPENDS vultus
  COMMAND vultus manual ${compress} > ${folder}/${page}
  COMMAND vultus completion bash > ${folder}/vultus.bash
  COMMAND vultus completion zsh > ${folder}/_vultus
  COMMENT "Manual page and completions")
add_custom_target(vultus_documents ALL DEPENDS ${folder}/${page} ${folder}/vultus.bash ${folder}/_vultus)

install(FILES ${folder}/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${folder}/vultus.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME vultus
  COMPONENT program)
install(FILES ${folder}/_vultus DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT program)
# The trainer's are the same: links, since a shell and man(1) look for files of its name.
if(TARGET vultus-train)
  string(REPLACE vultus vultus-train trainers_page ${page})
  file(CREATE_LINK ${page} ${folder}/${trainers_page} SYMBOLIC)
  file(CREATE_LINK vultus ${folder}/vultus-train SYMBOLIC)
  install(FILES ${folder}/${trainers_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT trainer)
  install(FILES ${folder}/vultus-train DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    COMPONENT trainer)
endif()
