namespace Larder.Engine.Restore;

/// <summary>What `larder restore --help` says of targets; the same rules stand in this folder's README.</summary>
public static class RestoreHelp
{
    public const string TargetRules =
        """
        Without --target everything goes back to where it came from: a sqlite database to the path that the job has now, files to their
        absolute paths. What a command printed has no place of its own and needs --target.
        With --target PATH and one source, files go to PATH/ with their whole path below it (PATH/srv/app/main.py). A database or a
        command's output becomes PATH itself, or PATH/NAME where PATH is a folder or ends in "/".
        With --target PATH and several sources, each has a folder of its own: PATH/SOURCE/.
        --entry E restores one file or folder of a source alone, at the same place below the target.
        What a target has and the backup has not is left alone. A database that is replaced is kept as NAME.replaced-YYYYMMDD_HHMMSS.
        """;
}
