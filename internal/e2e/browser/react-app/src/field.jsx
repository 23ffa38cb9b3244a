/**
 * A field with its label and what is wrong with it.
 * @param {{name: string, label: string, type?: string, error?: {message: string, longMessage?: string} | null}} props
 */
export function Field({ name, label, type = 'text', error }) {
  return (
    <p>
      <label>
        {label} <input name={name} type={type} aria-invalid={Boolean(error)} />
      </label>
      {error && <span role="alert">{error.longMessage ?? error.message}</span>}
    </p>
  )
}

/**
 * @param {FormData} form
 * @param {string} name
 */
export const text = (form, name) => String(form.get(name))
