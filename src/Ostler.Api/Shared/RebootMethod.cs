using System.Text.Json.Serialization;

namespace Ostler.Api.Shared;

/// <summary>How nodes reboot.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RebootMethod>))]
public enum RebootMethod
{
    /// <summary>A full reboot, through firmware and boot loader.</summary>
    Reboot,

    /// <summary>
    /// A soft reboot where host and image support it: only user space restarts, and the kernel stays. Otherwise a full reboot; the
    /// node's status.reboot shows why. The node is drained in both cases, and a rollback is always a full reboot.
    /// </summary>
    Auto,
}
