namespace Larder.Repository.Snapshots;

/// <summary>The content of a lock file: who works on the repository, since when, and whether alone.</summary>
public sealed record LockFile
{
    /// <summary>When the lock was made or last refreshed.</summary>
    public required DateTimeOffset Time { get; init; }

    public required bool Exclusive { get; init; }

    public required string Hostname { get; init; }

    public required string Username { get; init; }

    public required int Pid { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>The JSON as restic writes it.</summary>
    public byte[] Encode()
    {
        using var json = new GoJson(256);
        json.Raw("{\"time\":"u8);
        json.Time(Time);
        json.Raw(Exclusive ? ",\"exclusive\":true,\"hostname\":"u8 : ",\"exclusive\":false,\"hostname\":"u8);
        json.String(Hostname);
        json.Raw(",\"username\":"u8);
        json.String(Username);
        json.Raw(",\"pid\":"u8);
        json.Number((long)Pid);
        if (Uid != 0)
        {
            json.Raw(",\"uid\":"u8);
            json.Number((ulong)Uid);
        }
        if (Gid != 0)
        {
            json.Raw(",\"gid\":"u8);
            json.Number((ulong)Gid);
        }
        json.Raw("}"u8);
        return json.ToArray();
    }

    /// <summary>Reads the lock of any program; only the time must be there.</summary>
    /// <exception cref="RepositoryException">Damaged: the bytes are no lock.</exception>
    public static LockFile Decode(ReadOnlySpan<byte> json)
    {
        using var file = JsonFile.Parse(json, "lock");
        return new LockFile
        {
            Time = file.Time("time"),
            Exclusive = file.Flag("exclusive"),
            Hostname = file.OptionalText("hostname") ?? "",
            Username = file.OptionalText("username") ?? "",
            Pid = (int)file.Number("pid", int.MinValue, int.MaxValue),
            Uid = (uint)file.Number("uid", 0, uint.MaxValue),
            Gid = (uint)file.Number("gid", 0, uint.MaxValue),
        };
    }
}
