using System.Runtime.InteropServices;

namespace Larder.Sources.Native;

/// <summary>An open file descriptor, closed with its last user.</summary>
internal sealed class LibcDescriptor : SafeHandle
{
    public LibcDescriptor(int number)
        : base(-1, ownsHandle: true) => SetHandle(number);

    public int Number => (int)handle;

    public override bool IsInvalid => handle < 0;

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
