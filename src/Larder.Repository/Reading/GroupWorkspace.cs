using System.Collections.Concurrent;
using System.Numerics;
using Larder.Repository.Packs;

namespace Larder.Repository.Reading;

/// <summary>
/// The buffers of one group that is being read, kept from group to group: fresh memory for every group would cost more than decoding it.
/// </summary>
internal sealed class GroupWorkspace : IDisposable
{
    private const int BytesMin = 64 << 10;

    private byte[] plain = [];
    private byte[] boxes = [];

    public BlobOpener Opener { get; } = new();

    /// <summary>Room for the plaintexts of a group. What was there before is lost.</summary>
    public byte[] Plain(int bytes) => Room(ref plain, bytes);

    /// <summary>Room for one ranged read. What was there before is lost.</summary>
    public byte[] Boxes(int bytes) => Room(ref boxes, bytes);

    public void Dispose() => Opener.Dispose();

    private static byte[] Room(ref byte[] buffer, int bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = GC.AllocateUninitializedArray<byte>(
                (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Math.Max(bytes, BytesMin)), Array.MaxLength));
        }
        return buffer;
    }
}

/// <summary>The workspaces of one reading: as many as groups are in flight.</summary>
internal sealed class WorkspacePool : IDisposable
{
    private readonly ConcurrentBag<GroupWorkspace> free = [];
    private readonly ConcurrentBag<GroupWorkspace> all = [];

    public GroupWorkspace Rent()
    {
        if (free.TryTake(out var workspace))
        {
            return workspace;
        }
        var added = new GroupWorkspace();
        all.Add(added);
        return added;
    }

    public void Return(GroupWorkspace workspace) => free.Add(workspace);

    public void Dispose()
    {
        foreach (var workspace in all)
        {
            workspace.Dispose();
        }
    }
}
