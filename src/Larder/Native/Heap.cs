using System.Runtime.InteropServices;

namespace Larder.Native;

/// <summary>The C library's heap, which the native libraries of a run (zstd, crypto, SQLite) have left full of holes.</summary>
internal static partial class Heap
{
    /// <summary>Gives back to the system what is free in it (malloc_trim(3)). Where the C library has no such call, nothing happens.</summary>
    public static void Trim()
    {
        try
        {
            _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl gives memory back by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint padding);
}
