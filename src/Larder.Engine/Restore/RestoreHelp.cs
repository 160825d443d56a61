namespace Larder.Engine.Restore;

/// <summary>What `larder restore --help` says of targets; the same rules stand in this folder's README.</summary>
public static class RestoreHelp
{
    public const string TargetRules =
        """
        Without --target everything goes back to where it came from: a sqlite database to the path that the job has now, files to their
        absolute paths, a dump to the server that the job has now. What a command printed has no place of its own and needs --target.
        With --target PATH and one source, files go to PATH/ with their whole path below it (PATH/srv/app/main.py). A sqlite database or a
        command's output becomes PATH itself, or PATH/NAME where PATH is a folder or ends in "/". A dump's files go to PATH/.
        With --target PATH and several sources, each has a folder of its own: PATH/SOURCE/.
        With --target URL a dump goes into the server of the URL, and, where it is of one database and the URL names one, into that:
        postgresql://, postgres://, mongodb://, mongodb+srv://, mysql://, mariadb://. What is typed here stands in the
        machine's list of processes: leave the password to PGPASSWORD or ~/.pgpass, or configure an environment.
        With --environment E each source goes to where `environments` of the job says.
        --entry E restores one file or folder of a source alone, at the same place below the target; of a dump one table, collection or
        database (app.public.users, or users where only one has that name).
        What a folder has and the backup has not stays in it. Everything is written beside what is live, compared there, and exchanged
        with it in a moment; if anything fails, what stood there is put back. What was replaced is kept for keep_safety of the job,
        7 days by default, and "larder rollback" makes it live again.
        """;
}
