using System.Text.Json.Serialization;

namespace Ostler.Api.Shared;

/// <summary>How a policy wants nodes to be rebooted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RebootMethod>))]
public enum RebootMethod
{
    /// <summary>A full reboot, through firmware and boot loader.</summary>
    Reboot,

    /// <summary>
    /// A soft reboot where host and image support it: only user space restarts, and the kernel stays. Otherwise a full reboot, and the node's status.reboot says why. The node
    /// is drained either way, and rolls back by a full reboot.
    /// </summary>
    Auto,
}
