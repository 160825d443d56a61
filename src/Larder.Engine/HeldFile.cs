namespace Larder.Engine;

/// <summary>Files that are open with <see cref="FileShare.None"/> as a lock, which the system releases when the process ends.</summary>
public static class HeldFile
{
    private const int Eagain = 11; // EWOULDBLOCK: what flock answers. .NET keeps the errno in the low half of HResult.

    /// <summary>Whether an attempt to open one failed because another process holds it.</summary>
    public static bool IsReason(IOException e) => (e.HResult & 0xFFFF) == Eagain;
}
