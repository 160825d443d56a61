using System.Runtime.InteropServices;

namespace Larder.Sources.Native;

/// <summary>The error numbers that are told apart. They are equal on x86-64 and arm64 Linux.</summary>
internal static class LibcError
{
    public const int NotPermitted = 1;
    public const int NotFound = 2;
    public const int NoSuchProcess = 3;
    public const int Interrupted = 4;
    public const int NoDeviceOrAddress = 6;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int OtherFileSystem = 18;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int Invalid = 22;
    public const int TextBusy = 26;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int Range = 34;
    public const int NotImplemented = 38;
    public const int NotEmpty = 39;
    public const int TooManyLinks = 40;
    public const int NoData = 61;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;

    /// <summary>In the words of the C library, such as <c>Permission denied</c>.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);
}
