namespace Larder.Engine.Catalog;

/// <summary>
/// Names a run in catalog and manifest: a UUID of version 7 in 32 hex digits. Made without the catalog, so that a backup has one even
/// when
/// the catalog cannot be opened, and never given twice, even when the catalog was deleted.
/// </summary>
public static class RunId
{
    public static string New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
}
