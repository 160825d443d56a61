using Larder.Engine.Backups;
using Larder.Repository;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

namespace Larder.Engine.BackingUp;

/// <summary>The newest backup of the job in a repository. It saves reading; where it is missing or damaged, everything is read.</summary>
internal sealed class PreviousBackup
{
    private readonly StoredSnapshot? snapshot;
    private readonly TreeSource trees;
    private readonly Tree? content;

    private PreviousBackup(StoredSnapshot? snapshot, TreeSource trees, Tree? content)
    {
        this.snapshot = snapshot;
        this.trees = trees;
        this.content = content;
    }

    public SnapshotId? SnapshotId => snapshot?.Id;

    /// <summary>What its snapshot says; null where there is none.</summary>
    public DateTimeOffset? Time => snapshot?.Snapshot.Time;

    public static async Task<PreviousBackup> FindAsync(RepositoryWriter writer, string job, CancellationToken cancellationToken)
    {
        StoredSnapshot? newest = null;
        await foreach (var snapshot in writer.Repository.ListSnapshotsAsync(_ => { }, cancellationToken))
        {
            if (BackupTags.JobOf(snapshot.Snapshot.Tags) == job
                && !snapshot.Snapshot.Tags.Contains(BackupTags.Safety)
                && (newest is null || snapshot.Snapshot.Time > newest.Snapshot.Time))
            {
                newest = snapshot;
            }
        }

        var trees = new TreeSource(writer.Repository, writer.Index);
        try
        {
            var content = newest is null ? null : await LoadJobFolderAsync(trees, newest.Snapshot, cancellationToken);
            return new PreviousBackup(newest, trees, content);
        }
        catch (RepositoryException)
        {
            return new PreviousBackup(null, trees, null);
        }
    }

    public async Task<PreviousTree> OfSourceAsync(string source, CancellationToken cancellationToken)
    {
        if (content?.Nodes.FirstOrDefault(node => node.Name == new NodeName(source))?.Subtree is not { } tree)
        {
            return PreviousTree.None;
        }
        try
        {
            return await PreviousTree.LoadAsync(trees, tree, snapshot!.Snapshot.Time, cancellationToken);
        }
        catch (RepositoryException)
        {
            return PreviousTree.None;
        }
    }

    private static async Task<Tree?> LoadJobFolderAsync(TreeSource trees, Snapshot snapshot, CancellationToken cancellationToken)
    {
        var root = await trees.LoadAsync(snapshot.Tree, cancellationToken);
        return root.Nodes.FirstOrDefault(node => node.Subtree is not null)?.Subtree is { } job
            ? await trees.LoadAsync(job, cancellationToken)
            : null;
    }
}
