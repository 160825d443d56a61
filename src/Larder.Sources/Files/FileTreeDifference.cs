namespace Larder.Sources.Files;

/// <summary>One thing in which two trees differ.</summary>
/// <param name="Path">Relative to both roots; empty for the roots themselves.</param>
/// <param name="Reason">A whole sentence for people.</param>
public sealed record FileTreeDifference(EntryPath Path, string Reason);
