using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace Ostler.CrdGenerator.Schema;

/// <summary>
/// The summaries and remarks of an assembly's types and members, as plain text: what a C# developer reads in the editor is what
/// <c>kubectl explain</c> prints.
/// </summary>
internal sealed class XmlDocumentation
{
    private readonly Dictionary<string, string> _summaries;
    private readonly Dictionary<string, string> _remarks;

    private XmlDocumentation(XDocument file) => (_summaries, _remarks) = (Read(file, "summary"), Read(file, "remarks"));

    /// <summary>Reads the file that the compiler puts beside the assembly.</summary>
    /// <exception cref="FileNotFoundException">GenerateDocumentationFile is off for the assembly's project.</exception>
    public static XmlDocumentation Of(Assembly assembly) =>
        new(XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")));

    /// <summary>The summary of a type; empty when there is none.</summary>
    public string Of(Type type) => Find($"T:{IdOf(type)}");

    /// <summary>The summary of a property or of an enum's field; empty when there is none.</summary>
    public string Of(MemberInfo member) => Find(IdOf(member));

    /// <summary>The remarks on a property or a field; empty when there are none.</summary>
    public string RemarksOf(MemberInfo member) => _remarks.GetValueOrDefault(IdOf(member), "");

    private static Dictionary<string, string> Read(XDocument file, string element) => file
        .Descendants("member")
        .Where(member => member.Element(element) is not null)
        .ToDictionary(member => member.Attribute("name")!.Value, member => PlainText(member.Element(element)!), StringComparer.Ordinal);

    private string Find(string id) => _summaries.GetValueOrDefault(id, "");

    private static string IdOf(MemberInfo member) => $"{(member is FieldInfo ? 'F' : 'P')}:{IdOf(member.DeclaringType!)}.{member.Name}";

    // Nested types are A+B in reflection and A.B in documentation.
    private static string IdOf(Type type) => type.FullName!.Replace('+', '.');

    /// <summary>One line of text: white space folded, markup dropped, references by their last name.</summary>
    internal static string PlainText(XElement element)
    {
        var text = new StringBuilder();
        Append(text, element);
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Append(StringBuilder text, XElement element)
    {
        foreach (var node in element.Nodes())
        {
            switch (node)
            {
                case XText part:
                    text.Append(part.Value);
                    break;
                case XElement { IsEmpty: true } reference:
                    text.Append(NameIn(reference));
                    break;
                case XElement inner:
                    Append(text, inner);
                    break;
            }
        }
    }

    // cref="P:Ostler.Api.DrainSpec.OnTimeout" is the field onTimeout on the wire; a type keeps its name.
    private static string NameIn(XElement reference)
    {
        var target = reference.Attribute("cref")?.Value ?? reference.Attribute("langword")?.Value ?? reference.Attribute("name")?.Value ?? "";
        var name = target[(target.LastIndexOf('.') + 1)..];
        return target.StartsWith("P:", StringComparison.Ordinal) ? JsonNamingPolicy.CamelCase.ConvertName(name) : name;
    }
}
