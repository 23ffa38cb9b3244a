import { auth, clerkClient } from '@clerk/nextjs/server'
import { NextResponse } from 'next/server'

export async function DELETE() {
  const { isAuthenticated, userId } = await auth()
  if (!isAuthenticated) return NextResponse.json({ error: 'Sign in first.' }, { status: 401 })
  const client = await clerkClient()
  await client.users.deleteUser(userId)
  return NextResponse.json({ deleted: userId })
}
