// @ts-check
import { UserProfileElement } from './user-profile-element.js'

UserProfileElement.define('gatehouse-user-profile')
