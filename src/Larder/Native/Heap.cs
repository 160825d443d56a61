using System.Runtime.InteropServices;

namespace Larder.Native;

/// <summary>The C library's heap, which the native libraries of a run (zstd, crypto, SQLite) have left full of holes.</summary>
internal static partial class Heap
{
    /// <summary>Gives back to the system what is free in it: malloc_trim(3). A C library without it does so by itself.</summary>
    public static void Trim()
    {
        try
        {
            _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Such as musl.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint padding);
}
