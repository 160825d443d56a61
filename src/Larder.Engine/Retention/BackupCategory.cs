namespace Larder.Engine.Retention;

/// <summary>The highest slot that a backup fills.</summary>
public enum BackupCategory
{
    Daily,
    Weekly,
    Monthly,
    Yearly,
}
