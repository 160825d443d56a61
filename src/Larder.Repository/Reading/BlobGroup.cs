using Larder.Repository.Index;

namespace Larder.Repository.Reading;

/// <summary>
/// Blobs that are read together: as asked for, and, for reading, sorted by pack and offset. A blob asked for twice is read once.
/// </summary>
internal sealed class BlobGroup
{
    private readonly List<int> order = [];
    private readonly List<(BlobId Id, BlobLocation Location)> distinct = [];
    private readonly Dictionary<BlobId, int> places = [];
    private int[] plainOffsets = [];
    private byte[] plain = [];

    public int Count => order.Count;

    /// <summary>Bytes of plaintext of the distinct blobs.</summary>
    public long PlainBytes { get; private set; }

    public void Add(BlobId id, BlobLocation location)
    {
        if (!places.TryGetValue(id, out var place))
        {
            place = distinct.Count;
            places.Add(id, place);
            distinct.Add((id, location));
            PlainBytes += location.PlainBytes;
        }
        order.Add(place);
    }

    /// <summary>What the plaintexts lie in; null until the reading begins, so that waiting groups hold no memory.</summary>
    public GroupWorkspace? Workspace { get; private set; }

    /// <summary>Lays the plaintexts out in a workspace, which is this group's until it has been handed out.</summary>
    public void Allocate(GroupWorkspace workspace)
    {
        Workspace = workspace;
        plainOffsets = new int[distinct.Count];
        var offset = 0;
        for (var i = 0; i < distinct.Count; i++)
        {
            plainOffsets[i] = offset;
            offset += (int)distinct[i].Location.PlainBytes;
        }
        plain = workspace.Plain(offset);
    }

    public (BlobId Id, BlobLocation Location) At(int place) => distinct[place];

    public Memory<byte> PlainAt(int place) => plain.AsMemory(plainOffsets[place], (int)distinct[place].Location.PlainBytes);

    public IEnumerable<ReadOnlyMemory<byte>> InOrder() => order.Select(place => (ReadOnlyMemory<byte>)PlainAt(place));

    /// <summary>The reads that fetch every blob: neighbours joined over small gaps, up to a length.</summary>
    public IEnumerable<PackRead> Ranges(int gapBytesMax, int rangeBytesMax)
    {
        PackRead? range = null;
        var sorted = Enumerable.Range(0, distinct.Count)
            .OrderBy(place => distinct[place].Location.Pack)
            .ThenBy(place => distinct[place].Location.OffsetBytes);
        foreach (var place in sorted)
        {
            var location = distinct[place].Location;
            var end = (long)location.OffsetBytes + location.BoxBytes;
            if (range is not null
                && range.Pack == location.Pack
                && location.OffsetBytes <= range.OffsetBytes + range.LengthBytes + gapBytesMax
                && end - range.OffsetBytes <= rangeBytesMax)
            {
                range.LengthBytes = (int)Math.Max(range.LengthBytes, end - range.OffsetBytes);
                range.Blobs.Add(place);
                continue;
            }
            if (range is not null)
            {
                yield return range;
            }
            range = new PackRead
            {
                Pack = location.Pack,
                OffsetBytes = location.OffsetBytes,
                LengthBytes = (int)location.BoxBytes,
                Blobs = { place },
            };
        }
        if (range is not null)
        {
            yield return range;
        }
    }
}

/// <summary>One ranged read of a pack and the blobs of the group that lie in it.</summary>
internal sealed record PackRead
{
    public required PackId Pack { get; init; }

    public required uint OffsetBytes { get; init; }

    public int LengthBytes { get; set; }

    public List<int> Blobs { get; } = [];
}
