# Installs the library, builds the consumers against what was installed, runs them.
# Wants BUILD (the project's build folder), SOURCE (this folder), WORK (a folder of its own), PERSON.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/tree)
file(GLOB_RECURSE config ${WORK}/tree/*/vultus-config.cmake)
file(GLOB_RECURSE pc ${WORK}/tree/*/vultus.pc)
if(NOT config OR NOT pc)
  message(FATAL_ERROR "no vultus-config.cmake or vultus.pc under ${WORK}/tree")
endif()
get_filename_component(library_folder ${pc}/../.. ABSOLUTE)
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G Ninja -DCMAKE_PREFIX_PATH=${WORK}/tree
  -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${WORK}/build -j1)
foreach(consumer c cpp static)
  run(${WORK}/build/consumer_${consumer} ${PERSON})
endforeach()
# The same with pkg-config; the tree may be moved, so its prefix is said here.
set(ENV{PKG_CONFIG_PATH} ${library_folder}/pkgconfig)
execute_process(COMMAND pkg-config --define-variable=prefix=${WORK}/tree --cflags --libs vultus
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags)
run(cc -std=c99 -Wall -Wextra -pedantic -Werror ${SOURCE}/consumer.c -o ${WORK}/consumer_pc ${flags})
set(ENV{LD_LIBRARY_PATH} ${library_folder})
run(${WORK}/consumer_pc ${PERSON})
