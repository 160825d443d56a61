namespace Larder.Engine.Backups;

/// <summary>What became of a collection that was purged after a backup.</summary>
/// <param name="Collection"><c>database.collection</c>, as the backup has it.</param>
/// <param name="Side"><c>local</c> or <c>remote</c>.</param>
/// <param name="Deleted">Documents.</param>
/// <param name="Kept">Documents that came or changed since they were dumped; null where it did not come to be counted.</param>
public sealed record PurgedCollection(string Collection, string Side, long Deleted, long? Kept);
