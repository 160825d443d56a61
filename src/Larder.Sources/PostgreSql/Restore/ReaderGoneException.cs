namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Who read a pipe has closed it before its end. It does not leave this folder: why the reader did so is what people are told.
/// </summary>
internal sealed class ReaderGoneException(IOException inner) : Exception("Nobody reads the pipe any more.", inner);
