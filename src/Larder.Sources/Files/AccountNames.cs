using System.Runtime.InteropServices;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Names of users and groups, asked once each. Null for a number without a name. Not for concurrent use.</summary>
internal sealed class AccountNames
{
    private readonly Dictionary<uint, string?> users = [];
    private readonly Dictionary<uint, string?> groups = [];

    public string? User(uint uid) => Cached(users, uid, isUser: true);

    public string? Group(uint gid) => Cached(groups, gid, isUser: false);

    private static string? Cached(Dictionary<uint, string?> known, uint id, bool isUser)
    {
        if (!known.TryGetValue(id, out var name))
        {
            name = Ask(id, isUser);
            known[id] = name;
        }
        return name;
    }

    // Through the C library rather than /etc/passwd, so directory services count too.
    private static unsafe string? Ask(uint id, bool isUser)
    {
        const int recordBytes = 256; // struct passwd takes 48 bytes and struct group 32 on 64-bit systems.
        var record = stackalloc byte[recordBytes];
        for (var bytes = 1024; bytes <= 1 << 20; bytes *= 4) // A group's record holds all its members.
        {
            var buffer = new byte[bytes];
            fixed (byte* pointer = buffer)
            {
                nint result = 0;
                var error = isUser
                    ? Libc.GetUser(id, record, pointer, (nuint)bytes, &result)
                    : Libc.GetGroup(id, record, pointer, (nuint)bytes, &result);
                if (error != LibcError.Range)
                {
                    return error == 0 && result != 0 ? Marshal.PtrToStringUTF8(*(nint*)result) : null;
                }
            }
        }
        return null;
    }
}
