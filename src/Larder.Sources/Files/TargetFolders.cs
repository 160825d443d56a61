using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Opens folders below a root, step by step, each step relative to the one before and never through a symlink: a backup that holds
/// `a -> /etc` and `a/passwd` cannot lead outside, nor can anybody who swaps a folder for a symlink in between. (One `openat2` with
/// RESOLVE_BENEATH would say the same of links that leave the root, but would follow those inside it, and old kernels and sandboxes lack
/// it.)
/// Recently used folders stay open. Not for concurrent use.
/// </summary>
internal sealed class TargetFolders : IDisposable
{
    private const int OpenMax = 64; // Far below the 1024 descriptors a process may usually have.

    private readonly Dictionary<EntryPath, LinkedListNode<(EntryPath Path, LibcDescriptor Descriptor)>> open = [];
    private readonly LinkedList<(EntryPath Path, LibcDescriptor Descriptor)> byUse = new();

    public TargetFolders(LibcDescriptor root) => Root = root;

    public LibcDescriptor Root { get; }

    /// <summary>Opens a folder; the descriptor stays this object's, and who keeps it counts itself in with DangerousAddRef.</summary>
    /// <param name="create">Whether missing folders are made, with mode 0755.</param>
    public LibcDescriptor Open(EntryPath path, bool create)
    {
        if (path.IsEmpty)
        {
            return Root;
        }
        if (open.TryGetValue(path, out var known))
        {
            byUse.Remove(known);
            byUse.AddFirst(known);
            return known.Value.Descriptor;
        }
        var parent = Open(TargetPath.Parent(path), create);
        return Remember(path, OpenChild(parent, path, create));
    }

    /// <summary>Closes the folder and everything below it, which is about to be moved or removed.</summary>
    public void Forget(EntryPath path)
    {
        foreach (var node in open.Values.Where(node => TargetPath.IsAtOrBelow(node.Value.Path, path)).ToList())
        {
            Close(node);
        }
    }

    public void Dispose()
    {
        foreach (var node in open.Values)
        {
            node.Value.Descriptor.Dispose();
        }
        open.Clear();
        byUse.Clear();
        Root.Dispose();
    }

    private static LibcDescriptor OpenChild(LibcDescriptor parent, EntryPath path, bool create)
    {
        var name = TargetPath.Name(path);
        var flags = Libc.OpenDirectory | Libc.OpenNoFollow;
        var number = LibcFiles.Open(parent.Number, name, flags);
        if (number == -LibcError.NotFound && create)
        {
            var error = -LibcFiles.MakeDirectory(parent.Number, name, 0x1ED); // 0755
            if (error is not 0 and not LibcError.Exists)
            {
                throw TargetFailure.At(path, "The folder cannot be made", error);
            }
            number = LibcFiles.Open(parent.Number, name, flags);
        }
        return number >= 0
            ? new LibcDescriptor(number)
            : throw TargetFailure.At(path, "The folder cannot be entered", -number);
    }

    private LibcDescriptor Remember(EntryPath path, LibcDescriptor descriptor)
    {
        open.Add(path, byUse.AddFirst((path, descriptor)));
        if (open.Count > OpenMax)
        {
            Close(byUse.Last!);
        }
        return descriptor;
    }

    private void Close(LinkedListNode<(EntryPath Path, LibcDescriptor Descriptor)> node)
    {
        open.Remove(node.Value.Path);
        byUse.Remove(node);
        node.Value.Descriptor.Dispose();
    }
}
