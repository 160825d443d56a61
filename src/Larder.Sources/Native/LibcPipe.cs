namespace Larder.Sources.Native;

/// <summary>The writing end of a pipe, asked without writing to it.</summary>
internal static unsafe class LibcPipe
{
    private const nuint CountWaitingBytes = 0x541B; // FIONREAD

    /// <summary>How many bytes its reader has not taken yet; 0 where the system does not say.</summary>
    public static int CountWaiting(int descriptor)
    {
        int waiting;
        return Libc.DeviceControl(descriptor, CountWaitingBytes, &waiting) < 0 ? 0 : waiting;
    }

    /// <summary>Waits for its last reader to close it.</summary>
    /// <returns>Whether that happened within the time.</returns>
    public static bool WaitForReadersEnd(int descriptor, int milliseconds)
    {
        // Nothing is asked for, so only what is always told ends the wait: an error, which on this end is that there is no reader.
        var entry = new Libc.PollEntry { Descriptor = descriptor };
        return Libc.Poll(&entry, 1, milliseconds) > 0;
    }
}
