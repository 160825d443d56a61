using System.Runtime.InteropServices;

namespace Larder.Engine.Doctor.Native;

/// <summary>A shared library of the system and the function that tells its version. Nothing else of it is called here.</summary>
internal static unsafe class SystemLibrary
{
    /// <summary>Calls a function of the form <c>const char *f(int)</c>; one without parameters ignores the argument.</summary>
    /// <returns>What it says; null where the library or the function is missing.</returns>
    public static string? FindVersion(string library, string function)
    {
        if (!NativeLibrary.TryLoad(library, out var handle))
        {
            return null;
        }
        try
        {
            return NativeLibrary.TryGetExport(handle, function, out var address)
                ? Marshal.PtrToStringUTF8(((delegate* unmanaged<int, nint>)address)(0))
                : null;
        }
        finally
        {
            NativeLibrary.Free(handle);
        }
    }
}
