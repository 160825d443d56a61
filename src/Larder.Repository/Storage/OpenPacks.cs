using System.Runtime.InteropServices;
using Larder.Repository.Native;
using Microsoft.Win32.SafeHandles;

namespace Larder.Repository.Storage;

/// <summary>
/// Keeps the packs open that were read last: a restore reads hundreds of ranges from the same pack, and opening costs more than reading.
/// A handle in use is never closed; one that fell out is closed by whoever returns it last.
/// </summary>
internal sealed class OpenPacks : IDisposable
{
    /// <summary>Enough for the packs that a restore has in flight, far below the usual limit of 1024 open files.</summary>
    public const int HandlesMax = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<StorageKey, LinkedListNode<OpenPack>> packs = [];
    private readonly LinkedList<OpenPack> newestFirst = [];

    /// <summary>One open file. Disposing it returns it; it does not close it.</summary>
    internal sealed class OpenPack(OpenPacks owner, StorageKey key, SafeFileHandle handle) : IDisposable
    {
        public StorageKey Key => key;

        public SafeFileHandle Handle => handle;

        internal int Users { get; set; } = 1;

        internal bool IsForgotten { get; set; }

        public void Dispose() => owner.Return(this);
    }

    /// <summary>How many files are kept open.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return packs.Count;
            }
        }
    }

    /// <summary>Returns the open pack, opening it where it is not; the caller disposes it after use.</summary>
    /// <returns>0, or the errno of opening it.</returns>
    public int Rent(StorageKey key, string path, out OpenPack? pack)
    {
        pack = FindOpen(key);
        if (pack is not null)
        {
            if (Posix.Status(pack.Handle, out var status) == 0 && status.LinkCount > 0)
            {
                return 0;
            }
            // Somebody else deleted the file: the handle would still read it, and keep its space.
            Forget(pack);
            pack.Dispose();
            pack = null;
        }

        var errno = Posix.OpenToRead(path, out var handle);
        if (errno != 0)
        {
            handle.Dispose();
            return errno;
        }
        pack = Keep(new OpenPack(this, key, handle));
        return 0;
    }

    /// <summary>The next one who asks for this file opens it anew.</summary>
    public void Forget(StorageKey key)
    {
        lock (gate)
        {
            if (packs.TryGetValue(key, out var node))
            {
                Remove(node);
            }
        }
    }

    public void Forget(OpenPack pack)
    {
        lock (gate)
        {
            if (packs.TryGetValue(pack.Key, out var node) && node.Value == pack)
            {
                Remove(node);
            }
        }
    }

    /// <summary>Closes what nobody uses and lets the rest be closed when it is returned.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            while (newestFirst.Last is { } node)
            {
                Remove(node);
            }
        }
    }

    private OpenPack? FindOpen(StorageKey key)
    {
        lock (gate)
        {
            if (!packs.TryGetValue(key, out var node))
            {
                return null;
            }
            newestFirst.Remove(node);
            newestFirst.AddFirst(node);
            node.Value.Users++;
            return node.Value;
        }
    }

    private OpenPack Keep(OpenPack pack)
    {
        lock (gate)
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(packs, pack.Key, out var exists);
            if (exists)
            {
                pack.IsForgotten = true; // Two opened it at once; the later one serves its own read only.
                return pack;
            }
            slot = newestFirst.AddFirst(pack);
            if (packs.Count > HandlesMax)
            {
                Remove(newestFirst.Last!);
            }
            return pack;
        }
    }

    private void Remove(LinkedListNode<OpenPack> node)
    {
        packs.Remove(node.Value.Key);
        newestFirst.Remove(node);
        node.Value.IsForgotten = true;
        if (node.Value.Users == 0)
        {
            node.Value.Handle.Dispose();
        }
    }

    private void Return(OpenPack pack)
    {
        lock (gate)
        {
            pack.Users--;
            if (pack.Users == 0 && pack.IsForgotten)
            {
                pack.Handle.Dispose();
            }
        }
    }
}
