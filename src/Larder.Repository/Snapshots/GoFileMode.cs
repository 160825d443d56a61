namespace Larder.Repository.Snapshots;

/// <summary>
/// Go's <c>os.FileMode</c>, which trees store, from and to POSIX <c>st_mode</c>. The nine permission bits are the same in both; all
/// others differ.
/// </summary>
public static class GoFileMode
{
    public const uint Directory = 1u << 31;
    public const uint Symlink = 1u << 27;
    public const uint Device = 1u << 26;
    public const uint Fifo = 1u << 25;
    public const uint Socket = 1u << 24;
    public const uint SetUid = 1u << 23;
    public const uint SetGid = 1u << 22;
    public const uint CharacterDevice = 1u << 21;
    public const uint Sticky = 1u << 20;
    public const uint Irregular = 1u << 19;

    private const uint Permissions = 0x1FF; // 0777
    private const uint PosixType = 0xF000; // S_IFMT
    private const uint PosixFifo = 0x1000;
    private const uint PosixCharacterDevice = 0x2000;
    private const uint PosixDirectory = 0x4000;
    private const uint PosixBlockDevice = 0x6000;
    private const uint PosixRegular = 0x8000;
    private const uint PosixSymlink = 0xA000;
    private const uint PosixSocket = 0xC000;
    private const uint PosixSetUid = 0x800;
    private const uint PosixSetGid = 0x400;
    private const uint PosixSticky = 0x200;

    /// <summary>Type, special bits and permissions; an unknown type counts as a regular file, as in Go.</summary>
    public static uint FromPosix(uint posixMode)
    {
        var type = (posixMode & PosixType) switch
        {
            PosixDirectory => Directory,
            PosixSymlink => Symlink,
            PosixBlockDevice => Device,
            PosixCharacterDevice => Device | CharacterDevice,
            PosixFifo => Fifo,
            PosixSocket => Socket,
            _ => 0u,
        };
        return type | (posixMode & Permissions)
            | Bit(posixMode, PosixSetUid, SetUid) | Bit(posixMode, PosixSetGid, SetGid) | Bit(posixMode, PosixSticky, Sticky);
    }

    /// <summary>Type, special bits and permissions. A mode of no known type, as an irregular file has, gets no type bits.</summary>
    public static uint ToPosix(uint goMode)
    {
        const uint types = Directory | Symlink | Device | CharacterDevice | Fifo | Socket | Irregular;
        var type = (goMode & types) switch
        {
            0 => PosixRegular,
            Directory => PosixDirectory,
            Symlink => PosixSymlink,
            Device => PosixBlockDevice,
            Device | CharacterDevice => PosixCharacterDevice,
            Fifo => PosixFifo,
            Socket => PosixSocket,
            _ => 0u,
        };
        return type | (goMode & Permissions)
            | Bit(goMode, SetUid, PosixSetUid) | Bit(goMode, SetGid, PosixSetGid) | Bit(goMode, Sticky, PosixSticky);
    }

    private static uint Bit(uint mode, uint when, uint then) => (mode & when) != 0 ? then : 0;
}
