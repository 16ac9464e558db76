//! The program: hands over to the library.

/// Calls come and go by the thousand, and the system's allocator takes a sixth of the instructions.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    servicegrad::cli::main()
}
