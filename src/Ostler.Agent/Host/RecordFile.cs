using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ostler.Agent.Host;

/// <summary>The files in which the agent remembers things on the host.</summary>
internal static class RecordFile
{
    /// <summary>
    /// The record; null when there is none, or none that can be read: truncated, overwritten, of an unknown version, a folder in its place,
    /// a read error. Records only help to explain what the host has booted, so a damaged one must not keep the agent from its work.
    /// </summary>
    public static T? Read<T>(HostFiles files, string path, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return files.Read(path) is { } text ? JsonSerializer.Deserialize(text, type) : null;
        }
        catch (Exception e) when (e is JsonException or HostToolException)
        {
            return null;
        }
    }

    /// <summary>Deletes a record. A folder in its place is no record, and not the agent's to remove.</summary>
    public static void Delete(HostFiles files, string path)
    {
        if (files.Kind(path) is HostFileKind.File or HostFileKind.Symlink)
        {
            files.Delete(path);
        }
    }
}
