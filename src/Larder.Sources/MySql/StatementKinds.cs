namespace Larder.Sources.MySql;

/// <summary>What a statement of a dump does.</summary>
internal enum StatementKind
{
    Setting,
    CreateDatabase,
    Use,
    CreateTable,
    Other,
}

internal static class StatementKinds
{
    public static StatementKind Of(ReadOnlySpan<byte> statement)
    {
        var text = SqlText.SkipConditional(statement);
        return text switch
        {
            _ when SqlText.StartsWord(text, "SET "u8) => StatementKind.Setting,
            _ when SqlText.StartsWord(text, "CREATE DATABASE "u8) => StatementKind.CreateDatabase,
            _ when SqlText.StartsWord(text, "USE `"u8) => StatementKind.Use,
            _ when SqlText.StartsWord(text, "CREATE TABLE "u8) => StatementKind.CreateTable,
            _ => StatementKind.Other,
        };
    }
}
