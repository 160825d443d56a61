using Larder.Repository.Snapshots;
using Larder.Sources;

namespace Larder.Engine.Restore;

/// <summary>Which names were one file when the backup was made: those of the same device, inode and content.</summary>
internal sealed class LinkedFiles
{
    private readonly Dictionary<(ulong DeviceId, ulong Inode), (EntryPath Path, Node Node)> firstNames = [];

    /// <summary>Notes a file's name, in the order of the walk.</summary>
    /// <returns>Whether it is the first name of its file, or the only one.</returns>
    public bool IsFirst(in PlacedNode placed) => FindFirst(placed, note: true) is null;

    /// <summary>The first name of the same file; null where this is the first, or the only one.</summary>
    public EntryPath? FirstOf(in PlacedNode placed) => FindFirst(placed, note: false);

    private EntryPath? FindFirst(in PlacedNode placed, bool note)
    {
        var node = placed.Node;
        if (node.Links < 2 || node.Inode == 0 || node.Type != NodeType.File)
        {
            return null;
        }
        lock (firstNames) // The walk runs ahead of the writing.
        {
            if (!firstNames.TryGetValue((node.DeviceId, node.Inode), out var first))
            {
                if (note)
                {
                    firstNames.Add((node.DeviceId, node.Inode), (placed.Path, node));
                }
                return null;
            }

            // Where the file was written to between the readings of its two names, each name keeps what was read of it.
            return first.Path != placed.Path && (first.Node.Content ?? []).SequenceEqual(node.Content ?? []) ? first.Path : null;
        }
    }
}
