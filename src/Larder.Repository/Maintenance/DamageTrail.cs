using Larder.Repository.Index;
using Larder.Repository.Reading;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Finds the damages that a directory tree suffers from, all the way down. Each listing is read once, however many snapshots share it: what
/// was found below it is remembered, as numbers of damages.
/// </summary>
internal sealed class DamageTrail(
    Repository repository, MasterIndex index, IReadOnlyDictionary<(BlobKind Kind, BlobId Id), List<int>> damagesOf)
{
    private static readonly IReadOnlySet<int> None = new HashSet<int>();

    private readonly TreeSource trees = new(repository, BlobReader.Strict(repository, index));
    private readonly Dictionary<BlobId, IReadOnlySet<int>> known = [];

    /// <returns>The numbers of the damages that keep this tree from being restored whole.</returns>
    public async Task<IReadOnlySet<int>> FollowAsync(BlobId root, CancellationToken cancellationToken)
    {
        var open = new Stack<Folder>();
        open.Push(await OpenAsync(root, cancellationToken));
        while (true)
        {
            var folder = open.Peek();
            if (folder.Pending.TryPop(out var subtree))
            {
                if (known.TryGetValue(subtree, out var below))
                {
                    folder.Damages.UnionWith(below);
                }
                else
                {
                    open.Push(await OpenAsync(subtree, cancellationToken));
                }
                continue;
            }

            open.Pop();
            var found = known[folder.Id] = folder.Damages.Count == 0 ? None : folder.Damages;
            if (!open.TryPeek(out var parent))
            {
                return found;
            }
            parent.Damages.UnionWith(found);
        }
    }

    private async Task<Folder> OpenAsync(BlobId id, CancellationToken cancellationToken)
    {
        var folder = new Folder(id);
        Blame(folder, BlobKind.Tree, id);
        try
        {
            foreach (var node in (await trees.LoadAsync(id, cancellationToken)).Nodes)
            {
                foreach (var data in node.Content ?? [])
                {
                    Blame(folder, BlobKind.Data, data);
                }
                if (node.Subtree is { } subtree)
                {
                    folder.Pending.Push(subtree);
                }
            }
        }
        catch (RepositoryException e)
            when (e.Error is RepositoryError.Damaged or RepositoryError.BlobMissing or RepositoryError.FileMissing)
        {
            // Known already: the listing itself is among the damages. What lay below it is not known any more.
        }
        return folder;
    }

    private void Blame(Folder folder, BlobKind kind, BlobId id)
    {
        if (damagesOf.TryGetValue((kind, id), out var numbers))
        {
            folder.Damages.UnionWith(numbers);
        }
    }

    private sealed record Folder(BlobId Id)
    {
        public Stack<BlobId> Pending { get; } = new();

        public HashSet<int> Damages { get; } = [];
    }
}
